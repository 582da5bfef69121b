package store

// MemoryRecords counts the records that a Memory holds, blank ones included.
func MemoryRecords(m *Memory) int {
	n := 0
	for _, chunk := range m.log.chunks {
		n += cap(chunk)
	}
	return n
}

// MemoryUsers counts the users that a Memory knows a last entry of.
func MemoryUsers(m *Memory) int { return len(m.log.last) }

// MemoryIDs counts the IDs that a Memory knows.
func MemoryIDs(m *Memory) int { return len(m.log.ids) }
