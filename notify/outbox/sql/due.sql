SELECT d.row, d.channel, d.ending, d.how, d.ref, d.tries, n.body, n.made FROM delivery d JOIN note n ON n.id = d.note
  WHERE d.state = 0 AND d.channel = ?1 AND d.due <= ?2 ORDER BY d.row LIMIT ?3
