CREATE INDEX products_by_category ON products (tenant, category_id);
