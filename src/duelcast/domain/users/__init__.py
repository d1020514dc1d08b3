"""Users as admins and profiles see them: what is stored of each, who may change it, and what everybody may see."""
