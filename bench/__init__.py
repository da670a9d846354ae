"""`make bench`: the shipped server's figures beside their yardsticks, measured in one run.

__main__.py     options and the order of the figures
corpus.py       reports as apps send them, the same for the same seed
load.py         the load generator, a process of its own
server.py       the server under test on a scratch data directory; its CPU and memory
yardsticks.py   what PostgreSQL does alone; null_server.py: what HTTP does alone
path.py         figures of the event path        database.py   growth, retention
measure.py      one timed load, repeated and alternated
report.py       table, JSON and Markdown
"""
