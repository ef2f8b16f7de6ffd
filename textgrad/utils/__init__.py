"""Small helpers of the engine."""
