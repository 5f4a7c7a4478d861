"""What mail relays tell by webhook: a mapping file for each, and one reader."""
