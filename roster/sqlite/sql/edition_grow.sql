UPDATE edition SET number = number + 1;
