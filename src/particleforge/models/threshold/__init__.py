"""A detector without a network: a grey threshold, touching particles split."""
