"""JSON in and out for people's tools; reports come in through ingest/."""
