SELECT size, checkpoint FROM audit_head;
