"""Who gets told what, and when: writes the outbox, never sends."""
