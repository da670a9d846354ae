"""Requests by wire form: body -> drafts of reports, and what became of them -> the answer."""
