"""A teacher's term: what is collected, and the marks that go out."""
