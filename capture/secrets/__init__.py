"""What never reaches evidence: secrets found by name, by value and in answers that give them back."""
