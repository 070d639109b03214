UPDATE edition SET id = ?, number = number + 1;
