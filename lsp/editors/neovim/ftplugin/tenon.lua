if vim.b.did_ftplugin then return end
vim.b.did_ftplugin = 1

vim.bo.commentstring = '// %s'
vim.bo.comments = ':///,://'
vim.bo.expandtab = true
vim.bo.shiftwidth = 2
vim.bo.softtabstop = 2
vim.bo.suffixesadd = '.tn'

local tenon = require 'tenon'
tenon.highlight(0)
tenon.attach(vim.api.nvim_get_current_buf())
