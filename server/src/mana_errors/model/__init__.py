"""Values without I/O. Names are the glossary's."""
