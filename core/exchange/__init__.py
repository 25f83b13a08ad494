"""Push to upstream systems: declared connectors, transports, the outbox, the gate and the receipts."""
