"""A detector without a network: a grey threshold, with touching particles split."""
