package source

// Leaders is how many items are kept in order.
func (c *Counters) Leaders() int { return len(c.lead.Load().list) }
