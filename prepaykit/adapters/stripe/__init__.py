"""Stripe: what is asked of it, the client that keeps its traps out, refunds, and what was paid."""
