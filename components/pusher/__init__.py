"""Put a blessed model where a server finds it: whole or not at all."""
