"""After the 201: spool batch -> PostgreSQL, one transaction, exactly once."""
