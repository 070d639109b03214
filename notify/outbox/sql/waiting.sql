SELECT channel, count(*) FROM delivery WHERE state = 0 GROUP BY channel
