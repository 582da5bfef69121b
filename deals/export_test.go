package deals

// Instant is what the vectors of wall-clock times hold to account.
var Instant = instant
