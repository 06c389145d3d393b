"""What leaves the kiosk, in the formats that others read: values in, bytes out; no store, no socket, no clock."""
