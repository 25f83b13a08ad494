DROP TABLE assignment

DROP TABLE draft

DROP TABLE entry_permit

DROP TABLE saved_view
