package kafkastore

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/goldrec/gold/store"
)

// The state of a log is in a topic of its own, compacted: what it was made with, by the key "format", and the base of each
// partition, by "base" and its number.
const (
	stateSuffix = ".state"
	formatKey   = "format"
	formatText  = "gold log 1, %d partitions"
	baseKey     = "base "
)

// base is what is known of the records of a partition before an offset, which Trim has had deleted since nothing in them lives.
type base struct {
	from    int64          // the offset
	end     store.Position // of the last entry
	trimmed store.Position
	dups    []store.Position // entries behind it that are none, as one with their ID had been before
}

func (b *base) encode() []byte {
	text := []byte{recordVersion}
	text = binary.AppendUvarint(text, uint64(b.from))
	text = binary.AppendUvarint(text, uint64(b.end))
	text = binary.AppendUvarint(text, uint64(b.trimmed))
	for _, p := range b.dups {
		text = binary.AppendUvarint(text, uint64(p))
	}
	return text
}

func decodeBase(text []byte) (b base, err error) {
	d := &decoder{b: text}
	version := d.byte()
	b.from, b.end, b.trimmed = int64(d.uvarint()), store.Position(d.uvarint()), store.Position(d.uvarint())
	for len(d.b) > 0 && !d.failed {
		b.dups = append(b.dups, store.Position(d.uvarint()))
	}
	if version != recordVersion || d.failed {
		return base{}, fmt.Errorf("%w: the base of a partition is of version %d", ErrFormat, version)
	}
	return b, nil
}

// openTopic finds the topics or makes them, and checks that they are a log's.
func (s *Store) openTopic(ctx context.Context) error {
	meta, err := s.admin.Metadata(ctx, s.opts.Topic, s.opts.Topic+stateSuffix)
	if err != nil {
		return err
	}
	replicas := min(3, len(meta.Brokers))
	if s.opts.Replicas > 0 {
		replicas = s.opts.Replicas
	}
	keep := map[string]string{
		"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1", "max.message.bytes": strconv.Itoa(recordBytesMax + 1<<20),
	}
	err = s.makeTopic(ctx, meta, s.opts.Topic, s.opts.Partitions, replicas, keep)
	if err == nil || errors.Is(err, kerr.UnknownTopicOrPartition) {
		err = cmp.Or(s.makeTopic(ctx, meta, s.opts.Topic+stateSuffix, 1, replicas, map[string]string{"cleanup.policy": "compact"}), err)
	}
	if err != nil {
		return err
	}
	topic := meta.Topics[s.opts.Topic]
	s.topicID = topic.ID
	s.parts = make([]*partition, len(topic.Partitions))
	for n := range s.parts {
		if _, ok := topic.Partitions[int32(n)]; !ok || n >= store.PartitionsMax {
			return fmt.Errorf("%w: %d partitions, without one of number %d", ErrFormat, len(s.parts), n)
		}
		s.parts[n] = newPartition(n)
	}
	return s.checkTopic(ctx)
}

// makeTopic makes a topic that is not there, and comes back to be tried again.
func (s *Store) makeTopic(ctx context.Context, meta kadm.Metadata, name string, partitions, replicas int, configs map[string]string) error {
	err := meta.Topics[name].Err
	if err == nil && len(meta.Topics[name].Partitions) > 0 {
		return nil
	}
	if err != nil && !errors.Is(err, kerr.UnknownTopicOrPartition) {
		return err
	}
	values := map[string]*string{"min.insync.replicas": new(strconv.Itoa(max(1, replicas-1)))}
	for key, value := range configs {
		values[key] = &value
	}
	_, err = s.admin.CreateTopic(ctx, int32(partitions), int16(replicas), values, name)
	if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		return fmt.Errorf("make topic %s with %d replicas: %w", name, replicas, err)
	}
	return kerr.UnknownTopicOrPartition // as yet
}

// checkTopic compares the topic with what it was made with, which whoever comes first writes down while it is empty.
func (s *Store) checkTopic(ctx context.Context) error {
	configs, err := s.admin.DescribeTopicConfigs(ctx, s.opts.Topic)
	if err != nil {
		return err
	}
	for _, c := range configs {
		for _, config := range c.Configs {
			if config.Key == "cleanup.policy" && strings.Contains(config.MaybeValue(), "compact") {
				return fmt.Errorf("%w: the topic is compacted, so that entries would be lost", ErrFormat)
			}
		}
	}
	want := fmt.Sprintf(formatText, len(s.parts))
	format, _, err := s.readState(ctx)
	if err != nil || format == want {
		return err
	}
	if format != "" {
		return fmt.Errorf("%w: it was made as %q and is now %q", ErrFormat, format, want)
	}
	ends, err := s.ends(ctx)
	if err != nil {
		return err
	}
	if slices.Max(ends) > 0 {
		return fmt.Errorf("%w: the topic has records of another program", ErrFormat)
	}
	return s.client.ProduceSync(ctx, s.stateRecord(formatKey, []byte(want))).FirstErr()
}

func (s *Store) stateRecord(key string, value []byte) *kgo.Record {
	return &kgo.Record{Topic: s.opts.Topic + stateSuffix, Key: []byte(key), Value: value}
}

// ends asks where the partitions of the topic end now.
func (s *Store) ends(ctx context.Context) ([]int64, error) {
	listed, err := s.admin.ListEndOffsets(ctx, s.opts.Topic)
	if err == nil {
		err = listed.Error()
	}
	if err != nil {
		return nil, err
	}
	ends := make([]int64, len(s.parts))
	for _, end := range listed[s.opts.Topic] {
		if int(end.Partition) >= len(ends) {
			return nil, fmt.Errorf("%w: the topic has got more partitions", ErrFormat)
		}
		ends[end.Partition] = end.Offset
	}
	return ends, nil
}

// readState reads all of the topic that says what the log is.
func (s *Store) readState(ctx context.Context) (format string, bases map[int]base, err error) {
	topic := s.opts.Topic + stateSuffix
	listed, err := s.admin.ListEndOffsets(ctx, topic)
	if err == nil {
		err = listed.Error()
	}
	if err != nil {
		return "", nil, err
	}
	bases = make(map[int]base)
	last, _ := listed.Lookup(topic, 0)
	err = s.readTo(ctx, topic, 0, 0, last.Offset, func(r *kgo.Record) error {
		switch number, ok := bytes.CutPrefix(r.Key, []byte(baseKey)); {
		case string(r.Key) == formatKey:
			format = string(r.Value)
		case ok:
			n, err := strconv.Atoi(string(number))
			if err != nil {
				return fmt.Errorf("%w: topic %s is another program's", ErrFormat, topic)
			}
			bases[n], err = decodeBase(r.Value)
			return err
		default:
			return fmt.Errorf("%w: topic %s is another program's", ErrFormat, topic)
		}
		return nil
	})
	return format, bases, err
}

// loadBases takes over what is known of records that have been deleted.
func (s *Store) loadBases(ctx context.Context) error {
	_, bases, err := s.readState(ctx)
	if err != nil {
		return err
	}
	for n, b := range bases {
		if n < len(s.parts) {
			s.parts[n].begin(b)
		}
	}
	return nil
}

// writeBase notes down what will be known of a partition before an offset when its records are deleted.
func (s *Store) writeBase(ctx context.Context, p *partition, from int64) error {
	b := p.baseAt(from)
	return s.client.ProduceSync(ctx, s.stateRecord(baseKey+strconv.Itoa(p.number), b.encode())).FirstErr()
}

// deleteHeads has the brokers delete the records before these offsets, by partition.
func (s *Store) deleteHeads(ctx context.Context, heads map[int]int64) error {
	var offsets kadm.Offsets
	for _, n := range slices.Sorted(maps.Keys(heads)) {
		offsets.AddOffset(s.opts.Topic, int32(n), heads[n], -1)
	}
	deleted, err := s.admin.DeleteRecords(ctx, offsets)
	if err == nil {
		err = deleted.Error()
	}
	if errors.Is(err, kerr.OffsetOutOfRange) { // somebody has deleted more
		return nil
	}
	return err
}
