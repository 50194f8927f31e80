"""Systems that write by edit operations: delete, insert placeholders, fill them."""
