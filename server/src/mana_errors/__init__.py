"""Mana Errors: one self-hosted service that a family of apps reports its errors to.

The path of one event, and the file that holds each step:

    client ──► ingest/app.py      before the 201
                 receive.py         caps, decompression
                 decode.py          bytes -> Report, the contract's field rules
                 scrub.py           secrets out
                 stamp.py           Report -> Event: id, received_at, clamped occurred_at
                 store/spool/       group-committed, fsynced; then 201
           ──► digest/run.py      after the 201: spool batch -> PostgreSQL, one transaction
                 parse.py           string stack traces -> frames
                 group.py           fingerprint, grouping hash, title, culprit
                 store/events.py    cursor + COPY of events + delta row
           ──► triage/run.py      one at a time over all nodes: deltas -> issues
                 fold.py            merge deltas, then upsert issues and rollups
           ──► api/, web/         rows -> JSON and pages
"""

__version__ = "0.1.0"
