"""After triage: what rules fired is told to people, each try on record."""
