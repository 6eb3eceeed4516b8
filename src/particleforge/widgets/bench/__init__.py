"""The bench: one dock with a project of images, and four steps from images to sizes."""
