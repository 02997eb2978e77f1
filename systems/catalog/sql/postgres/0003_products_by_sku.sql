-- A retired product's SKU can be taken again.
CREATE UNIQUE INDEX products_by_sku ON products (tenant, sku) WHERE status = 'listed';
