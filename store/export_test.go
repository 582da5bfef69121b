package store

// MemoryRecords counts the records that a Memory holds, blank ones included.
func MemoryRecords(m *Memory) int {
	n := 0
	for _, chunk := range m.log.chunks {
		n += cap(chunk)
	}
	return n
}
