"""Networks of classifiers, one file each."""
