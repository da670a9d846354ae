"""Before the 201: cheap, bounded, and nothing may be lost after it."""
