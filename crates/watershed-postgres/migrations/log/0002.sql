-- A group is written in one statement: its rows are one value, an array of these, and the head is moved where it is the one that
-- whoever appends knows.
CREATE TYPE event_row AS (
  position    bigint,
  id          uuid,
  tenant      text,
  category    text,
  stream      text,
  version     bigint,
  name        text,
  schema      bigint,
  payload     text,
  recorded_at bigint,
  actor       text,
  correlation text,
  causation   text,
  traceparent text,
  tags        text,
  idem_key    text,
  fingerprint bytea,
  follows     bigint,
  checksum    bigint,
  link        bytea,
  stream_key  uuid,
  idem_list   uuid
);

-- Everything, or nothing where the log's end is not the one that is known, a stream is at another version than is said, or one of
-- the tags in `once` or of the keys in `unused` has been used: keys of what is not written, since of those that are their index
-- tells. What is looked at before the head's lock is held is still so behind it: where the end is then the one that is known,
-- nobody has committed since.
CREATE FUNCTION append_events(
  known_head bigint, known_link bytea, new_head bigint, new_link bytea, written event_row[],
  tag_lists uuid[], tag_positions bigint[], streams uuid[], versions bigint[], once uuid[], unused uuid[]
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  -- One condition within the other: what is asked of a table costs, even where nothing is asked.
  IF cardinality(streams) > 0 THEN
    IF EXISTS (
      SELECT FROM unnest(streams, versions) AS said (stream, at)
      WHERE said.at <> coalesce((
        SELECT events.version FROM events WHERE events.stream_key = said.stream ORDER BY events.version DESC LIMIT 1
      ), 0)
    ) THEN
      RETURN false;
    END IF;
  END IF;
  IF cardinality(once) > 0 THEN
    IF EXISTS (SELECT FROM unnest(once) AS wanted (list) JOIN event_tags ON event_tags.tag = wanted.list) THEN
      RETURN false;
    END IF;
  END IF;
  IF cardinality(unused) > 0 THEN
    IF EXISTS (SELECT FROM unnest(unused) AS wanted (list) JOIN events ON events.idem_list = wanted.list) THEN
      RETURN false;
    END IF;
  END IF;
  UPDATE log_head SET position = new_head, link = new_link
  WHERE log_head.position = known_head AND log_head.link = known_link;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  INSERT INTO events (
    position, id, tenant, category, stream, version, name, schema, payload, recorded_at, actor, correlation, causation,
    traceparent, tags, idem_key, fingerprint, follows, checksum, link, stream_key, idem_list
  ) SELECT * FROM unnest(written);
  IF cardinality(tag_lists) > 0 THEN
    INSERT INTO event_tags (tag, position) SELECT * FROM unnest(tag_lists, tag_positions);
  END IF;
  RETURN true;
END
$$;
