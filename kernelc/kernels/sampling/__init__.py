"""From logits to the next token: penalties, the greatest logit, and a random draw."""
