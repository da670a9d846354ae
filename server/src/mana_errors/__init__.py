"""Mana Errors: one self-hosted service that a family of apps reports its errors to.

The path of one event, and the file that holds each step:

    client ──► ingest/http.py     before the 201: requests straight from the connection
                 app.py             the same routes as ASGI, for every other kind of connection
                 accept.py          the list of stages; answers
                 receive.py         content type, encodings, caps
                 decode.py          bytes -> Report: the contract's fields, types and limits
                 stamp.py           Report -> Event: id, received_at, clamped occurred_at
                 scrub/             secrets out
                 cut.py             free text fits its limits
                 store/spool/       group-committed, fsynced; then 201
           ──► digest/run.py      after the 201: spool batch -> PostgreSQL, one transaction
                 prepare.py         decode, parse, group
                 parse/             string stack traces -> frames, in_app
                 group.py           fingerprint, grouping hash, title, culprit
                 summarize.py       what the batch adds to each grouping hash
                 store/             cursor + COPY of events + delta row
           ──► triage/run.py      one at a time over all nodes: deltas -> issues
                 merge.py           deltas of several batches -> one for each hash
                 fold.py            issues, rollups, distinct users
           ──► api/, web/         rows -> JSON and pages
"""

__version__ = "0.1.0"
