"""Records that survive and stay private: keys, the encrypted store, sealed pictures, the audit chain, backups."""
