"""The spool: fsynced segment files that hold acknowledged events until PostgreSQL has them.

One writer a segment, which holds an exclusive flock on it for as long as it writes; the kernel
lets go of the lock when the writer dies, so a reader always knows whether more may come. How far
a segment is digested lies in PostgreSQL (store/cursors.py), in the transaction that stored the
events, so nothing is ever digested twice.

    format.py   the bytes of a segment
    writer.py   group commit
    reader.py   batches, torn tails, damaged records
"""
