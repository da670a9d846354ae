"""postgresql.conf of the embedded cluster.

Written anew at every start, so a release can change it. An operator's own values go through
ALTER SYSTEM, which PostgreSQL keeps in postgresql.auto.conf and reads last.
"""

from mana_errors.store.embedded.layout import PORT, Layout

_TEMPLATE = """\
# Written by mana-errors at every start. For your own values use ALTER SYSTEM.

# Only processes of this user come in, through the socket: no TCP, no passwords.
listen_addresses = ''
port = {port}
unix_socket_directories = '{socket_dir}'
unix_socket_permissions = 0700
# 64 HTTP workers share few read connections each; the rest are digest, triage and psql.
max_connections = 60
# A query over all partitions locks each with its nine indexes: 60 x 256 covers a year of days.
max_locks_per_transaction = 256

# Indexes of the current day stay in memory; more would be taken from small machines.
shared_buffers = '256MB'
# Checkpoints write whole pages anew to the log: few of them, spread out, keep COPY even.
max_wal_size = '4GB'
min_wal_size = '256MB'
checkpoint_timeout = '15min'
checkpoint_completion_target = 0.9
# Our statements are short; compiling one costs more than running it.
jit = off

# The supervisor caps the file, so no collector process is needed.
log_destination = 'stderr'
logging_collector = off
log_line_prefix = '%m [%p] '
# What to show while a long crash recovery runs.
log_startup_progress_interval = '5s'
lc_messages = 'C'
timezone = 'UTC'
log_timezone = 'UTC'
cluster_name = 'mana-errors'
"""


def render(layout: Layout) -> str:
    """The file's text."""
    return _TEMPLATE.format(port=PORT, socket_dir=str(layout.socket_dir).replace("'", "''"))
