"""Published figures on the four tasks of DiffuSeq, with what it takes to compare with them."""
