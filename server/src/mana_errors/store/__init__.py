"""Everything durable: PostgreSQL (the only code that speaks SQL) and the spool."""
