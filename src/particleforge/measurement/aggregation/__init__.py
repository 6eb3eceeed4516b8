"""Particles that touch: contacts, aggregates and their figures."""
