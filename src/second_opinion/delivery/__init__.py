"""The outgoing post: courier, channels, the background worker."""
