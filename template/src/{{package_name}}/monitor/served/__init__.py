"""What the service stored, watched: what it was asked, what it predicted, and what really came out."""
