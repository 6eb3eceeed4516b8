"""A package of its own that adds kinds to ParticleForge by entry points alone."""
