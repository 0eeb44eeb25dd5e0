"""What is dispatched together: chains, batches, and the callbacks that follow from them."""
